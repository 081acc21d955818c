"""Events are one line each, and carry no row of the database."""

from __future__ import annotations

import logging
import sys

import pytest

from rapport.project.logs import OneLine

pytestmark = pytest.mark.once


def logged(message: str) -> str:
    try:
        try:
            raise ValueError(message)
        except ValueError as error:
            raise RuntimeError(message) from error
    except RuntimeError:
        record = logging.LogRecord("rapport", logging.ERROR, "x.py", 1, "It failed.", (), sys.exc_info())
    return OneLine("%(levelname)s %(message)s").format(record)


def test_a_traceback_is_one_line() -> None:
    line = logged("no such thing\r\nat all")
    assert line.startswith("ERROR It failed. | Traceback (most recent call last): | ")
    assert "\n" not in line
    assert "\r" not in line


def test_a_failing_row_is_left_out_of_both_errors() -> None:
    line = logged("null value in column\nDETAIL:  Failing row contains (7, Mia Quill,\nmia@quill.example).\nHINT: x")
    assert "null value in column | DETAIL: (left out)" in line
    assert "quill" not in line.lower()
    assert "RuntimeError" in line
