"""Help of the sample company: topics and articles in two languages, for everyone and for the team."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from rapport.engines.publishing.models import PublicSite
from rapport.engines.publishing.sites import stored_site
from rapport.kernel.actions.running import run_action
from rapport.kernel.context import Context

#: key: (language, original, name, in a sentence).
TOPICS = {
    "buy": ("en", "", "Buying an aircraft", "From the first visit to the day you fly home."),
    "fly": ("en", "", "Flying and looking after it", "Starting, fuelling, washing, the first hundred hours."),
    "service": ("en", "", "Service and warranty", "Inspections, parts, and what is covered."),
    "kaufen": ("de", "buy", "Ein Flugzeug kaufen", "Vom ersten Besuch bis zum Heimflug."),
    "warten": ("de", "service", "Wartung und Garantie", "Kontrollen, Ersatzteile, und was abgedeckt ist."),
}


@dataclass(frozen=True)
class Text:
    """An article; `original` is the key of the one it translates."""

    key: str
    topic: str
    title: str
    summary: str
    body: str
    language: str = "en"
    audience: str = "public"
    original: str = ""
    keywords: tuple[str, ...] = ()
    is_draft: bool = False
    #: Days from today until somebody should read it again.
    review: int = 200


ARTICLES = (
    Text("delivery", "buy", "When will my aircraft be delivered?", "About 22 weeks after the order; you hear from us at every step.",
         "From your order to the delivery it takes **about 22 weeks**.\n\n## What happens when\n\n| Week | What |\n| --- | --- |\n"
         "| 1 | You get the confirmation and the first invoice |\n| 6 | Last day to change colours and equipment |\n"
         "| 18 | First flight at the works |\n| 22 | Handover or ferry flight |\n\n## If it takes longer\n\nWe tell you as soon as we know, "
         "never later than four weeks before, and agree on a new day with you.", keywords=("lead time", "waiting", "schedule")),
    Text("lieferung", "kaufen", "Wann wird mein Flugzeug geliefert?", "Etwa 22 Wochen nach der Bestellung; Sie hören bei jedem Schritt von uns.",
         "Von der Bestellung bis zur Übergabe dauert es **etwa 22 Wochen**.\n\n## Was wann geschieht\n\n- Woche 1: Bestätigung und erste Rechnung\n"
         "- Woche 6: letzter Tag für Änderungen an Farben und Ausrüstung\n- Woche 18: Erstflug im Werk\n- Woche 22: Übergabe oder Überführung",
         language="de", original="delivery", keywords=("Lieferzeit", "warten")),
    Text("test-flight", "buy", "How to book a test flight", "Choose a day, bring your licence; the flight takes an hour and costs nothing.",
         "1. Tell us two or three days that suit you.\n2. We confirm one of them within two working days.\n3. Bring your licence and medical.\n\n"
         "> You sit on the left. One of our pilots is with you.\n\nBad weather? We find another day together.", keywords=("demo", "try")),
    Text("probeflug", "kaufen", "So buchen Sie einen Probeflug", "Tag wählen, Lizenz mitbringen; eine Stunde, kostenlos.",
         "1. Nennen Sie uns zwei oder drei Tage.\n2. Wir bestätigen einen davon innerhalb von zwei Werktagen.\n3. Bringen Sie Lizenz und Medical mit.",
         language="de", original="test-flight"),
    Text("payment", "buy", "How payment works", "A third with the order, a third at the first flight, a third at the handover.",
         "You pay in three parts:\n\n- **one third** with the order,\n- **one third** after the first flight at the works,\n- **one third** at the "
         "handover.\n\nClubs may ask for a plan of their own. Your invoice says where to pay; we never change our account by e-mail.",
         keywords=("invoice", "instalments", "bank")),
    Text("first-hundred", "fly", "The first hundred hours", "What to watch while the engine runs in.",
         "Fly with *varied power* and change the oil after 25 hours.\n\n- No full power for more than five minutes\n- Check the oil before **each** "
         "flight\n- Note temperatures in the log\n\nAfter 100 hours we look at everything, free of charge.", keywords=("running in", "oil", "break-in")),
    Text("grass", "fly", "Taking off from grass", "540 metres of dry, short grass at full weight.",
         "At full weight you need **540 m of dry, short grass**. Add a fifth when it is wet and another fifth when it is long.\n\n"
         "`distance = 540 × 1.2 (wet) × 1.2 (long)`\n\nIn doubt, wait or leave weight behind.", keywords=("runway", "short field")),
    Text("washing", "fly", "Washing and keeping it clean", "Cold water, mild soap, never a pressure washer.",
         "Use cold water and mild soap. A pressure washer forces water into the bearings.\n\nInsects come off best the same day, with a wet cloth "
         "left on for ten minutes."),
    Text("door", "fly", "The door catch is stiff", "New catches run in; a drop of silicone oil helps.",
         "New catches run in after some weeks. Until then put **one drop of silicone oil** on the bolt and press while turning.\n\nStill stiff after "
         "that? We change it under warranty.", keywords=("handle", "latch", "lock")),
    Text("warranty", "service", "What the warranty covers", "Two years or 500 hours, parts and work.",
         "For **two years or 500 hours**, whichever comes first, we replace what fails, parts and work.\n\nNot covered: tyres, brake pads, oil, and damage "
         "from accidents.\n\n## Making a claim\n\nSend us the serial number, a photo, and what happened. You hear back within two working days.",
         keywords=("guarantee", "claim", "repair")),
    Text("garantie", "warten", "Was die Garantie abdeckt", "Zwei Jahre oder 500 Stunden, Teile und Arbeit.",
         "**Zwei Jahre oder 500 Stunden** lang ersetzen wir, was ausfällt: Teile und Arbeit.\n\nNicht abgedeckt: Reifen, Bremsbeläge, Öl und Unfallschäden.",
         language="de", original="warranty", keywords=("Gewährleistung", "Reparatur")),
    Text("annual", "service", "Booking the annual inspection", "Book six weeks ahead; it takes four days.",
         "Book **six weeks ahead**. The inspection takes four days; we lend you an aircraft if we have one free.\n\nBring the log books and the last "
         "list of findings.", keywords=("check", "maintenance", "appointment")),
    Text("refunds", "service", "Refunds and goodwill: what we may promise", "For the team: limits, and who decides above them.",
         "Up to **500 EUR** anybody in support decides alone. Above that ask the head of service the same day.\n\nSay sorry first, then what we do, then by when.",
         audience="internal", review=-3),
    Text("winter", "fly", "Starting in winter", "Preheating below minus ten degrees.",
         "Below −10 °C preheat the engine for 30 minutes.", is_draft=True),
)


def put_articles(ctx: Context, owner: UUID, today: dt.date) -> int:
    """Topics, articles and a help centre that is on; returns how many articles."""
    topics: dict[str, UUID] = {}
    for key, (language, original, name, summary) in TOPICS.items():
        topics[key] = ctx.create(
            "topic", name=name, summary=summary, language=language, position=10 * (len(topics) + 1), translation_of=topics.get(original)
        ).pk
    made: dict[str, UUID] = {}
    for one in ARTICLES:
        record = ctx.create(
            "article", title=one.title, summary=one.summary, body=one.body, topic=topics[one.topic], language=one.language,
            audience=one.audience, keywords=list(one.keywords), owner=owner, translation_of=made.get(one.original),
            review_on=today + dt.timedelta(days=one.review),
        )  # fmt: skip
        made[one.key] = record.pk
        if not one.is_draft:
            run_action(ctx, record, "publish", {})
    stored_site(ctx.workspace)
    PublicSite.objects.filter(workspace_id=ctx.workspace.pk).update(is_on=True, contact="https://example.com/contact")
    return len(made)
