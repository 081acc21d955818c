"""Data of the sample: what people wrote down. {product}, {person}, {first}, {company}, {city} and {rep} are filled in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Talk:
    """An activity as somebody would have logged it."""

    kind: str
    direction: str
    subject: str
    body: str
    outcome: str = ""
    minutes: tuple[int, int] = (0, 0)


#: The steps of a sale in their order: first contact, visit, test flight, offer, talks.
SALE = (
    (
        Talk("call", "in", "Asked about the {product}", "{first} saw the {product} at a friend's field and wants to know "
             "price, delivery and running costs. Sent the brochure and the cost sheet.", "Wants a visit", (6, 25)),
        Talk("email", "in", "Request for the {product}", "\"We are looking for an aircraft for about 300 hours a year. "
             "Could you send us prices and dates of delivery for the {product}?\"", "Answered the same day"),
        Talk("meeting", "out", "Met {first} at the trade fair", "Long talk at our stand. Now flies two ageing aircraft, one "
             "has to go next year. The {product} fits; the hangar door is 10.9 m wide, so the wing tips need checking.",
             "Serious interest", (20, 45)),
        Talk("message", "in", "Question on our website about the {product}", "Asked whether the {product} may take off from "
             "grass at full weight in {city}. Yes: 540 m of dry grass.", "Call agreed"),
    ),
    (
        Talk("visit", "out", "Visit to {company}", "Saw the hangar and the workshop. {first} showed the flight log: 640 hours "
             "last year, most of it circuits. Fuel is the largest cost. Runway 780 m, grass.", "Test flight wanted", (90, 240)),
        Talk("meeting", "out", "First meeting on the {product}", "Went through use, payload and range. The board decides in "
             "full, {first} prepares the paper. They compare with a used aircraft of 2014.", "Needs a cost comparison", (40, 90)),
        Talk("call", "out", "What {company} needs", "Four seats, autopilot, night equipment. Wants to pay a third on order. "
             "Insurance runs until the end of the season.", "Sends the list of equipment", (15, 40)),
    ),
    (
        Talk("visit", "out", "Test flight with the {product}", "One hour with {first} in the left seat: two stalls, three "
             "landings, one at short field. Liked the view and the trim, found the door catch stiff.", "Very happy", (120, 300)),
        Talk("meeting", "out", "Demonstration of the {product} in {city}", "Six people of {company} flew along. Noise was "
             "measured at the fence: 68 dB. The neighbours had been asked to come.", "Board wants an offer", (90, 200)),
        Talk("email", "out", "Figures after the test flight", "Sent fuel flow, take-off distances and the noise "
             "certificate of the {product}, as promised to {first}.", "Read the same evening"),
    ),
    (
        Talk("email", "out", "Offer for the {product}", "Sent the offer with night equipment and the second set of headsets. "
             "Valid for 30 days, delivery 22 weeks after the order.", "Received"),
        Talk("call", "out", "Talked through the offer", "{first} went through the offer line by line. Wants the ferry flight to "
             "{city} included and a fixed price for the first annual inspection.", "New version asked for", (15, 45)),
        Talk("meeting", "out", "Offer presented to the board of {company}", "Seven people, good questions. The treasurer "
             "prefers three payments. Old aircraft to be traded in at 61,000.", "Decide within two weeks", (45, 100)),
    ),
    (
        Talk("call", "in", "Terms for the {product}", "They accept the price if the colour scheme is free: white with a dark "
             "green stripe. Third payment on delivery.", "Agreed in principle", (10, 30)),
        Talk("email", "in", "Changes to the contract", "{first} sent the contract back with three remarks by their lawyer: "
             "delay penalty, place of delivery, spare parts list.", "With our back office"),
        Talk("meeting", "out", "Contract for the {product}", "Went through the contract at {company}. The penalty is settled "
             "at half a percent a week. {first} signs when the bank has answered.", "Waiting for the bank", (40, 90)),
    ),
)  # fmt: skip
#: The same for smaller things: parts, training, overhauls.
SMALL_SALE = (
    (
        Talk("email", "in", "Request: {product}", "\"Could you make us an offer for this? It should be settled before the "
             "season.\" Papers of the aircraft are attached.", "Answered the same day"),
        Talk("call", "in", "{first} asked about: {product}", "Wants to know the price and how long the aircraft stands. They "
             "can spare it in the second half of the month.", "Offer promised", (4, 15)),
    ),
    (
        Talk("call", "out", "What exactly {company} needs", "Went through the aircraft's papers with {first}. Two points are "
             "new; the rest is as last year.", "Clear now", (8, 25)),
        Talk("visit", "out", "Looked at the aircraft in {city}", "Cowling off, photos taken. More worn than the papers say, "
             "but nothing that stops it from flying.", "Photos in the folder", (45, 120)),
    ),
    (
        Talk("email", "out", "Offer: {product}", "Sent the offer with two dates in the workshop. Valid for 30 days.", "Received"),
        Talk("call", "out", "Talked through the offer with {first}", "The price is fine; asks for the ferry flight to be "
             "included.", "Second version today", (5, 15)),
    ),
    (
        Talk("email", "in", "Remarks on the offer", "{first} wants the invoice in two parts and a fixed day of return.",
             "With our back office"),
        Talk("call", "in", "Dates for {company}", "Tuesday in two weeks suits both sides. {first} waits for the treasurer's "
             "signature.", "Waiting for the signature", (4, 10)),
    ),
)  # fmt: skip
SMALL_WON = (
    Talk("email", "in", "Order: {product}", "Signed offer received. Slot in the workshop is booked.", "Order confirmed"),
    Talk("call", "in", "{company} orders", "{first} called: go ahead as offered.", "Order", (2, 6)),
)  # fmt: skip
SMALL_TASKS = (
    (("call", "Call {first} about: {product}"), ("todo", "Ask the workshop for free dates")),
    (("email", "Ask {first} for the papers"), ("visit", "Look at the aircraft in {city}")),
    (("call", "Talk through the offer with {first}"), ("send", "Send the revised offer")),
    (("email", "Chase the signature"), ("todo", "Book the slot in the workshop")),
)  # fmt: skip
WON = (
    Talk("email", "in", "Order for the {product}", "Signed contract received. {first} asks for a photo from the line every "
         "month for the club's notice board.", "Order confirmed"),
    Talk("call", "in", "{company} orders", "{first} called before noon: the board said yes. Contract comes by post, deposit "
         "this week.", "Order", (5, 12)),
    Talk("visit", "out", "Signing at {company}", "Contract for the {product} signed, cake on the table. Delivery slot is "
         "reserved.", "Order", (45, 120)),
)  # fmt: skip
LOST = (
    Talk("call", "in", "{company} said no", "{first} called: decided against the {product}. Was open about the reasons and "
         "wants to stay on the list for the open day.", "Lost", (5, 20)),
    Talk("email", "in", "Decision on our offer", "\"After much debate we will not order this year. Thank you for your "
         "patience and for the splendid test flight.\"", "Lost"),
)  # fmt: skip

#: What goes on with customers besides selling.
CARE = (
    Talk("call", "in", "Question on the service schedule", "Asked when the 100-hour check is due. Booked with the workshop in "
         "{city}; {first} brings the aircraft in the evening before.", "Date fixed", (4, 15)),
    Talk("call", "out", "How the season went", "Flew 412 hours without a lost day. One tyre, one landing light. {first} is happy "
         "and would show the aircraft to others.", "Would be a reference", (10, 30)),
    Talk("email", "in", "Thanks from {first}", "\"Just to say that your mechanic stayed until nine so that we could fly on "
         "Sunday. That is not something we take for granted.\"", "Passed on to the workshop"),
    Talk("email", "out", "Service bulletin 14 sent", "Inspection of the nose-leg bolt within 50 hours. {first} confirmed, "
         "parts are free of charge.", "Confirmed"),
    Talk("note", "", "Birthday of the chairman", "Turns 60 in spring; the club plans a fly-in. A model of the {product} would "
         "be a nice present."),
    Talk("note", "", "How to reach {first}", "Best before eleven; flies in the afternoon and switches the phone off. Never on "
         "Mondays."),
    Talk("note", "", "New runway lights in {city}", "The field gets lights in autumn, so night training becomes possible. Good "
         "moment for the night equipment."),
    Talk("visit", "out", "Passed by {company}", "Coffee and half an hour with {first}. The old tug will be sold. They think "
         "about a second aircraft, not before next year.", "Ask again in autumn", (30, 90)),
    Talk("meeting", "out", "Yearly review with {company}", "Went through hours, costs and open points. Wants the spare parts "
         "contract to cover tyres as well.", "Contract to be extended", (45, 90)),
    Talk("message", "in", "Photo of the first solo", "{first} sent a photo of the youngest student after the first solo. May "
         "be used in the newsletter.", "Forwarded to marketing"),
    Talk("email", "out", "Invitation to the open day", "Sent the invitation with the programme and the slots for test "
         "flights.", "Comes with two people"),
    Talk("call", "out", "Tried to reach {first}", "No answer, left a message with our number.", "Left a message", (1, 3)),
    Talk("call", "in", "Radio keeps losing the signal", "COM 1 fails after half an hour. Sounds like the cooling fan; loan unit "
         "goes out today.", "Loan unit sent", (6, 20)),
    Talk("email", "in", "Invoice question", "{first} asks why the ferry flight is on the invoice twice. It was our mistake; "
         "credit note follows.", "Credit note promised"),
)  # fmt: skip
SUPPLY = (
    Talk("call", "in", "Delivery slips by two weeks", "{first} warns that the next lot comes two weeks late because of a "
         "strike at the foundry. Line is covered until then.", "Planning told", (5, 15)),
    Talk("email", "in", "New price list", "Prices rise by 3.2 % on the first of January. Orders until then at old prices.",
         "Passed to purchasing"),
    Talk("meeting", "out", "Yearly talks with {company}", "Volume for next year, payment within 30 days, one contact for "
         "complaints. {first} offers 4 % above 40 pieces.", "Offer in writing", (60, 120)),
    Talk("visit", "in", "{first} visited our line", "Looked at the fitting of their parts. The bracket can be made in one piece, "
         "saves us ten minutes each.", "Drawing follows", (60, 180)),
    Talk("note", "", "Certificate of {company}", "EN 9100 runs out in June; ask for the new one in April."),
    Talk("call", "out", "Leads passed on", "Went through the three requests from {city} with {first}. Two are worth a visit.",
         "Joint visit planned", (10, 30)),
)  # fmt: skip
#: What one logs today, so that the day looks like a day.
TODAY = (
    Talk("call", "out", "Short call with {first}", "Confirmed the time of the visit and the slot for the test flight.",
         "Confirmed", (3, 12)),
    Talk("email", "out", "Answer to {first}", "Sent the weights and the new delivery date.", "Sent"),
    Talk("call", "in", "{first} called about the hangar", "The hangar door is 11.2 m after the rebuild, so the {product} fits "
         "without folding.", "Fits", (5, 15)),
    Talk("note", "", "After the morning round", "Workshop has two free slots in week 50; offer one to {company}."),
)  # fmt: skip

#: (kind of task, subject) for deals by how far they are, then for leads, for customers.
DEAL_TASKS = (
    (("call", "Call {first} about the {product}"), ("send", "Send the brochure of the {product}"), ("meeting", "First meeting with {company}")),
    (("visit", "Test flight with {company}"), ("send", "Send the cost comparison"), ("call", "Ask {first} about the hangar")),
    (("call", "Talk through the offer with {first}"), ("email", "Ask whether the board has decided"), ("send", "Send the revised offer")),
    (("email", "Chase the signed contract"), ("call", "Ask {first} about the bank"), ("todo", "Reserve the delivery slot")),
)  # fmt: skip
LEAD_TASKS = (("call", "Call {first} back"), ("email", "Answer the request"), ("send", "Send brochure and price list"))
CARE_TASKS = (
    ("call", "Ask {first} how the season went"), ("todo", "Prepare the yearly review"), ("visit", "Pass by when in {city}"),
    ("email", "Invite {first} to the open day"), ("call", "Renew the spare parts contract"), ("send", "Send the service bulletin"),
)  # fmt: skip
OUTCOMES = ("Done", "Left a message", "Agreed", "Wants to think about it", "Sent", "Comes on Thursday")

#: (what, wish, is sensitive)
PREFERENCES = (
    ("Colour", "White, not pink", False), ("Colour", "Dark green stripe, as on the old aircraft", False),
    ("Calls", "Call before 11:00", False), ("Calls", "Never on Mondays", False), ("Mail", "Letters on paper, please", False),
    ("Seat", "Window seat", False), ("Seat", "Left seat, needs a cushion", False), ("Coffee", "Espresso, no sugar", False),
    ("Language", "Prefers German", False), ("Language", "Speaks to us in French", False), ("Invoices", "By e-mail to the treasurer", False),
    ("Gifts", "Accepts none", False), ("Visits", "Only with two days' notice", False), ("Meetings", "In the evening, after work", False),
    ("Documents", "Wants every offer in one PDF", False), ("Names", "First names from the first call", False),
    ("Food", "Vegetarian", False), ("Food", "Halal", True), ("Food", "Kosher", True), ("Health", "Hears little on the left, speak clearly", True),
    ("Health", "Diabetic: plan breaks on long visits", True), ("Health", "Uses a wheelchair; ramp for the demonstration", True),
    ("Holidays", "No appointments in Ramadan", True),
)  # fmt: skip
LEARNED = ("Told on the phone", "At the test flight", "From the assistant", "Trade fair", "Seen at the visit", "From an e-mail")
MESSAGES = (
    "We fly about 250 hours a year and want to replace our 1979 aircraft. Please send prices.",
    "Saw you at the show. Is there a date for the night version?", "How long is delivery at the moment?",
    "Our board meets on the 14th; could we have an offer for one aircraft by then?",
    "Please call me about a test flight, any afternoon.", "Looking for two trainers for next spring.",
    "Do you take a used aircraft in part payment?", "We need a camera hatch and four hours of endurance.",
)  # fmt: skip
NOTES = (
    "Old friends of the house; the first S2 went to them.", "Pays on the day.", "Slow to answer, quick to decide.",
    "Talk to the chief instructor first.", "Field closes at dusk.", "Interested in sustainable fuel.",
    "Compares everything with the French competitor.", "Has the best cake of all airfields.",
)  # fmt: skip
