"""What the columns of a file mean: as the last time, by the program that wrote it, by name, then by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapport.engines.imports.facts import Column
from rapport.engines.imports.naming import ID, REASON, found_columns, is_name_part, names_of, offered, plain
from rapport.engines.imports.presets import preset_for
from rapport.engines.imports.shapes import Shape
from rapport.kernel.access import gate
from rapport.kernel.errors import Invalid
from rapport.kernel.records.field import Field
from rapport.kernel.records.registry import registry
from rapport.kernel.text_folding import fold

if TYPE_CHECKING:
    from rapport.kernel.context import Context

_MAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,]{2,}")
_PHONE = re.compile(r"\+?[\d(][\d\s()/.\-]{6,20}\d")
_WEB = re.compile(r"(https?://|www\.)\S+|[\w-]+(\.[\w-]+)*\.(com|org|net|de|fr|es|ie|co\.uk|eu|io|example)(/\S*)?", re.IGNORECASE)
#: A column is taken for what at least this share of its texts look like.
_SHARE = 0.7
_TESTED = 40


@dataclass(frozen=True)
class Guess:
    """What a column means: "shape:field", and how that was found ("memory", "preset", "name", "content")."""

    target: str
    by: str


def suggest(
    ctx: Context, columns: Sequence[Column], shapes: Mapping[str, Shape], memory: Mapping[str, str] | None = None
) -> dict[str, Guess]:
    """A guess for every column that one can be made for; nothing that the viewer may not set is ever guessed."""
    header = [one.name for one in columns]
    found: dict[str, Guess] = {}
    preset = preset_for(header)
    for by, known in (("memory", memory or {}), ("preset", preset.columns if preset else {})):
        for column in header:
            if column not in found and (target := known.get(column)) and is_target(ctx, shapes, target):
                found[column] = Guess(target, by)
    likely = sorted(_likely(ctx, header, shapes, found), key=lambda one: -one.eager)
    for shape in likely:
        _by_own_names(ctx, columns, shape, found)
    for shape in likely:
        _by_name(ctx, columns, shape, found)
    _by_content(ctx, columns, shapes, found)
    return found


def is_target(ctx: Context, shapes: Mapping[str, Shape], target: str) -> bool:
    """Whether "shape:field" names a field that this viewer may import."""
    key, _colon, rest = target.partition(":")
    shape = shapes.get(key)
    return shape is not None and (rest == ID or rest.partition(".")[0] in offered(ctx, shape.info))


def chosen_shapes(found: Mapping[str, Guess] | Mapping[str, str]) -> list[str]:
    """The shapes that anything is mapped to."""
    targets = [one.target if isinstance(one, Guess) else one for one in found.values()]
    return list(dict.fromkeys(target.partition(":")[0] for target in targets if target))


def _likely(ctx: Context, header: Sequence[str], shapes: Mapping[str, Shape], found: Mapping[str, Guess]) -> list[Shape]:
    """The shapes that the header speaks of: those mapped already, else those whose own words are in it, else the type
    that knows the most columns."""
    mapped = chosen_shapes(found)
    if mapped:
        return _with_ties(shapes, set(mapped))
    words = [plain(one) for one in header]
    own = {key for key, one in shapes.items() if any(plain(name) in words for name in one.names)}
    if any(is_name_part(one) for one in header) and "person" in shapes:
        own.add("person")
    if own:
        return _with_ties(shapes, own)
    scores = {
        key: sum(1 for word in words if word in names_of(ctx, one.info)) for key, one in shapes.items() if not one.is_tie
    }
    best = max(scores, key=lambda key: scores[key], default="")
    return [shapes[best]] if best and scores[best] else []


def _with_ties(shapes: Mapping[str, Shape], keys: set[str]) -> list[Shape]:
    """These shapes, and what ties them together."""
    return [
        one for key, one in shapes.items()
        if key in keys or (one.is_tie and all(set(some) & keys for some in one.links.values()))
    ]  # fmt: skip


def _by_own_names(ctx: Context, columns: Sequence[Column], shape: Shape, found: dict[str, Guess]) -> None:
    """Columns that mean this shape and no other."""
    taken = {guess.target for guess in found.values()}
    own = {plain(name): key for name, key in shape.names.items()}
    usual = names_of(ctx, shape.info)
    for one in columns:
        word = plain(one.name)
        key = own.get(word) or (usual.get(word, "") if usual.get(word, "").partition(".")[0] in shape.prefers else "")
        target = f"{shape.key}:{key}"
        if one.name not in found and key and target not in taken and is_target(ctx, {shape.key: shape}, target):
            found[one.name] = Guess(target, "name")
            taken.add(target)


def _by_name(ctx: Context, columns: Sequence[Column], shape: Shape, found: dict[str, Guess]) -> None:
    """Then the words of its type; what is taken stays taken."""
    taken = {guess.target for guess in found.values()}
    rest = [one.name for one in columns if one.name not in found and one.name != REASON]
    for column, key in found_columns(ctx, shape.info, rest).items():
        target = f"{shape.key}:{key}"
        if key and (target not in taken or is_name_part(column)):
            found[column] = Guess(target, "name")
            taken.add(target)


def _by_content(ctx: Context, columns: Sequence[Column], shapes: Mapping[str, Shape], found: dict[str, Guess]) -> None:
    """What looks like addresses, numbers, stages and owners, for the shapes that are in the file."""
    here = [shapes[key] for key in chosen_shapes(found)] or list(shapes.values())[:1]
    taken = {guess.target for guess in found.values()}
    for one in columns:
        if one.name in found or one.name == REASON or not one.texts:
            continue
        for shape in here:
            for key, field in offered(ctx, shape.info).items():
                target = f"{shape.key}:{key}"
                if target not in taken and _looks_like(ctx, field, one.texts[:_TESTED]):
                    found[one.name] = Guess(target, "content")
                    taken.add(target)
                    break
            if one.name in found:
                break


def _looks_like(ctx: Context, field: Field, texts: Sequence[str]) -> bool:
    kind = field.kind.key
    if kind in ("email", "one_email"):
        return _share(texts, lambda text: bool(_MAIL.fullmatch(text))) >= _SHARE
    if kind == "phone":
        return _share(texts, lambda text: bool(_PHONE.fullmatch(text))) >= _SHARE
    if kind == "web":
        return _share(texts, lambda text: bool(_WEB.fullmatch(text))) >= _SHARE
    if kind in ("choice", "language", "country"):
        return len(texts) > 1 and _share(texts, lambda text: _parses(ctx, field, text)) >= _SHARE
    if (field.to and field.required) or field.to == "user":
        return _titles_known(ctx, field, texts)
    return False


def _share(texts: Collection[str], test: object) -> float:
    return sum(1 for text in texts if test(text.strip())) / len(texts)  # type: ignore[operator]


def _parses(ctx: Context, field: Field, text: str) -> bool:
    if len(text) > 60:
        return False
    try:
        return field.kind.parse(text, ctx.cleaning()) is not None
    except Invalid:
        return False


def _titles_known(ctx: Context, field: Field, texts: Sequence[str]) -> bool:
    """Whether the texts are titles of records that the field may point at (stages, people)."""
    info = registry.get(field.to)
    titles = {fold(text)[:200] for text in texts}
    there = gate.visible(ctx, info).filter(title_key__in=titles).values_list("title_key", flat=True)
    return len(set(there)) >= max(1, _SHARE * len(titles))
