"""Data of the sample: what customers asked for, and what was answered. {first} is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A ticket as it would have come in."""

    subject: str
    body: str
    reply: str = ""
    kind: str = "question"
    priority: str = "normal"
    channel: str = "email"
    product: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    #: What the customer answered.
    heard: str = ""
    solution: str = ""
    state: str = "new"
    is_taken: bool = True
    made_good: Mapping[str, object] = field(default_factory=dict)


#: Causes of complaints that the sample company found.
CAUSES = ("Late delivery", "Paint and finish", "Wrong invoice", "Waited for an answer")

CASES = (
    Case("Which oil for the winter", "We fly through the winter. Which oil do you recommend below zero, and does it change the "
         "interval?", "Hello {first}, below zero we recommend the thinner grade. The interval stays at 50 hours.",
         tags=("engine",), solution="Thinner grade below zero, same interval."),
    Case("Door catch is stiff", "The left door catch needs two hands since the last inspection.", "Hello {first}, a drop of "
         "silicone on the pin helps. If not, we send a new catch, free of charge.", kind="problem", product="Cabin door",
         tags=("cabin",), solution="Silicone on the pin."),
    Case("Copy of invoice needed", "Our accountant cannot find the invoice of the annual inspection.", "Hello {first}, here it "
         "is again. All your invoices are kept for ten years.", kind="request", channel="phone", tags=("invoice",),
         solution="Sent again."),
    Case("Radio loses memory", "After every landing the second radio forgets its stations.", "Hello {first}, the backup battery "
         "is empty. It is a five-minute change; a new one is in the post.", kind="problem", priority="high", product="Radio",
         tags=("avionics",), note="Second case with this batch of batteries. Told the workshop.", solution="New backup battery."),
    Case("Charging cable does not lock", "The plug falls out when the aircraft is moved.", "Hello {first}, the lever must click. "
         "We have sent a new plug with a stronger spring.", kind="problem", product="Charger", tags=("charger",),
         solution="New plug."),
    Case("Training for two new instructors", "Two instructors join us in spring. Do you still offer the weekend course?",
         "Hello {first}, yes. I have put both down for the first weekend in March.", kind="request", channel="form",
         tags=("training",), solution="Booked for March."),
    Case("Invoice charged twice", "You took the amount of the propeller balance twice from our account.", "Hello {first}, you "
         "are right, and I am sorry. The money goes back today.", kind="complaint", priority="high", tags=("invoice",),
         solution="Paid back the same day.", made_good={"made_good_by": "refund", "lesson": "One person books direct debits now.",
         "cause": "Wrong invoice"}),
    Case("Paint chips after three months", "The leading edge has lost its paint in several places.", "Hello {first}, that must "
         "not happen. We repaint the edge at our cost and fetch the wings ourselves.", kind="complaint", product="Wing",
         tags=("paint",), solution="Repainted at our cost.", made_good={"made_good_by": "replacement",
         "lesson": "The painter now primes the edge twice.", "cause": "Paint and finish"}),
)

#: What is open today, with its age in hours.
TODAY = (
    (Case("Engine monitor shows no oil pressure", "On start-up the monitor showed zero oil pressure for a minute, then it came "
          "back. We have students waiting since eight. Is it safe to fly?", kind="problem", priority="urgent", channel="phone",
          product="Engine monitor", tags=("engine",), state="new",
          note="Sensor plug of this series works loose. Kieran has two in his van and is near them at eleven."), 1),
    (Case("Wrong headsets in the box", "We ordered two with active noise reduction and got two without.", "Hello {first}, sorry "
          "for that. The right ones leave today; please keep the others until the courier fetches them.", kind="problem",
          priority="high", product="Headset", tags=("delivery",), state="open",
          heard="Thank you. The courier came but had no label with him, so the box is still here."), 7),
    (Case("Invoice for hangar days charged twice", "Please look at the last two invoices: the same five hangar days are on both.",
          "Hello {first}, thank you for telling us. I am sorry; I look into it today and come back to you.",
          kind="complaint", priority="high", tags=("invoice",), state="open",
          note="Both were booked from the same sheet. Refund prepared.", made_good={"made_good_by": "refund",
          "cause": "Wrong invoice"}), 150),
    (Case("Add a second delivery address", "Spare parts should go to the workshop from now on, invoices stay where they are.",
          kind="request", channel="chat", state="new", is_taken=False), 3),
    (Case("Change to one invoice a month", "Could we have one invoice a month instead of one for each part?", kind="request",
          channel="form", tags=("invoice",), state="new", is_taken=False), 196),
    (Case("Propeller spinner vibrates", "Above 2,300 revolutions the spinner trembles. Film attached.", "Hello {first}, could "
          "you send us the number on the back plate? Then I know which bolts you need.", kind="problem", product="Propeller",
          tags=("propeller",), state="waiting"), 30),
    (Case("Seat covers for the second aircraft", "Same grey as last year, please, four seats.", "Hello {first}, gladly. Is it "
          "the version with or without side pockets?", kind="request", state="waiting"), 52),
    (Case("Certificate for the new transponder", "The authority asks for the installation certificate.",
          "Hello {first}, we asked the authority for it today and send it on as soon as it is here.", kind="request",
          channel="letter", product="Transponder", tags=("avionics",), state="held",
          note="The authority answers within ten working days; on hold until then."), 98),
)
