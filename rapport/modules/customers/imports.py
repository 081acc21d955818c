"""What a line of a file can become: a company, a person, and the person's place at the company."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rapport.engines.imports.shapes import Shape, register_shape

register_shape(
    Shape(
        "company", "customer", _("Company"), "building-2", {"kind": "company"}, known_by=("name",),
        names=dict.fromkeys(
            (
                "company", "company name", "organization", "organisation", "organization name", "account name", "firma",
                "firmenname", "unternehmen", "société", "entreprise", "empresa", "person organization", "deal organization",
            ),
            "name",
        ),
        prefers=("website", "industry", "turnover", "employees", "founded", "parent"),
    )
)  # fmt: skip
register_shape(
    Shape(
        "person", "customer", _("Person"), "user", {"kind": "person"},
        names={"contact": "name", "person": "name", "contact name": "name", "ansprechpartner": "name", "contacto": "name"},
        prefers=("birthday", "language"), eager=2,
    )
)  # fmt: skip
register_shape(
    Shape(
        "place", "affiliation", _("Place at the company"), "briefcase",
        links={"person": ("person",), "company": ("company",)}, known_by=("person", "company"), is_tie=True,
        prefers=("job_title", "part"), eager=3,
    )
)  # fmt: skip
