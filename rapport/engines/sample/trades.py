"""Data of the sample: what Skylark Aircraft sells, to whom, and who supplies it."""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "Skylark Aircraft"
DOMAIN = "skylark-aircraft.example"

#: key of the person, name, role, team, language
USERS = (
    ("owner", "Ana Byrne", "owner", "", "en"),
    ("management", "Tom Okafor", "management", "Sales", "en"),
    ("north", "Ben Lindqvist", "sales", "North", "en"),
    ("south", "Carla Ferreira", "sales", "South", "en"),
    ("partners", "Joost van Dam", "sales", "Partners", "en"),
    ("marketing", "Mei Tanaka", "marketing", "", "en"),
    ("support", "Padraig Nolan", "support", "Support", "en"),
    ("back_office", "Ruth Adler", "back_office", "", "en"),
)
#: team, the team it is part of, the key of its manager
TEAMS = (
    ("Sales", "", "management"), ("North", "Sales", "north"), ("South", "Sales", "south"),
    ("Partners", "Sales", "partners"), ("Support", "", "support"),
)  # fmt: skip
NORTH = {"IE", "GB", "SE", "NL", "PL"}


@dataclass(frozen=True)
class Trade:
    """One sort of company: how such companies are called, how big they are, what they buy."""

    industry: str
    weight: int
    names: tuple[str, ...]
    employees: tuple[int, int]
    #: Turnover per employee in thousands of euro, from and to.
    per_head: tuple[int, int]
    tags: tuple[str, ...]
    titles: tuple[tuple[str, str], ...]
    aircraft: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


_CLUB = (("Chairwoman", "decides"), ("Chairman", "decides"), ("Treasurer", "pays"), ("Chief instructor", "influences"),
         ("Technical officer", "uses"), ("Secretary", "buys"))  # fmt: skip
_FIRM = (("Managing director", "decides"), ("Head of flight operations", "influences"), ("Fleet manager", "buys"),
         ("Chief pilot", "uses"), ("Head of finance", "pays"), ("Maintenance manager", "influences"))  # fmt: skip
_SELLER = (("Account manager", "other"), ("Sales director", "decides"), ("Customer support", "other"), ("Accounts", "pays"))

BUYERS = (
    Trade("Flying club", 30, ("{city} Flying Club", "{city} Aero Club", "{bird} Flying Group", "Aeroclub {city}",
                              "{region} Aviators", "{city} {bird} Club"),
          (2, 30), (25, 60), ("club", "training", "grass strip"), _CLUB, ("S2 Trainer", "T4 Tourer")),
    Trade("Flight school", 24, ("{city} Flight Academy", "{bird} Flight Training", "{last} School of Flying",
                                "{city} Pilot School", "{region} Flight Training"),
          (6, 80), (70, 140), ("training", "fleet", "night rating"), _FIRM, ("S2 Trainer", "S2 Night", "T4 Tourer")),
    Trade("Air charter", 16, ("{bird} Air Charter", "{last} Aviation", "{city} Air Taxi", "{bird} Executive Air",
                              "{region} Wings"),
          (8, 220), (120, 260), ("charter", "fleet", "turboprop"), _FIRM, ("C6 Courier", "T4 Turbo", "C6 Executive")),
    Trade("Air ambulance", 7, ("{region} Air Ambulance", "{city} Air Rescue", "{bird} Medical Flights"),
          (15, 160), (110, 190), ("medical", "public tender", "24 h support"), _FIRM, ("M6 Medic",)),
    Trade("Aerial survey", 9, ("{bird} Aerial Survey", "{city} Geomatics", "{last} Air Mapping", "{bird} Imaging"),
          (5, 70), (90, 180), ("survey", "camera hatch"), _FIRM, ("O4 Survey", "T4 Tourer")),
    Trade("Parachute centre", 5, ("Skydive {city}", "{bird} Parachute Centre", "{region} Skydiving"),
          (4, 30), (60, 110), ("skydiving", "seasonal"), _CLUB, ("C6 Courier",)),
    Trade("Glider towing", 4, ("{city} Gliding Club", "{region} Soaring Society"),
          (1, 8), (20, 45), ("club", "gliding"), _CLUB, ("S2 Trainer",)),
    Trade("Air cargo", 5, ("{bird} Air Cargo", "{city} Feeder Lines", "{last} Air Freight"),
          (10, 180), (130, 240), ("cargo", "fleet"), _FIRM, ("C6 Courier",)),
)  # fmt: skip

SUPPLIERS = (
    Trade("Engine maker", 3, ("{last} Aero Engines", "{city} Motorenwerke", "{bird} Turbines"), (60, 900), (150, 260),
          ("engines",), _SELLER, roles=("supplier",)),
    Trade("Avionics maker", 3, ("{bird} Avionics", "{last} Instruments", "{city} Flight Displays"), (25, 400), (160, 280),
          ("avionics",), _SELLER, roles=("supplier",)),
    Trade("Propeller maker", 2, ("{last} Propellers", "{bird} Propeller Works"), (15, 140), (110, 180), ("propellers",),
          _SELLER, roles=("supplier",)),
    Trade("Aircraft upholstery", 2, ("{last} & Daughters Upholstery", "{city} Cabin Interiors", "{bird} Leather"),
          (4, 60), (70, 120), ("interiors",), _SELLER, roles=("supplier",)),
    Trade("Composite parts", 2, ("{city} Composites", "{last} Carbon"), (20, 260), (100, 190), ("composites",),
          _SELLER, roles=("supplier",)),
)  # fmt: skip

PARTNERS = (
    Trade("Aircraft dealer", 5, ("{bird} Aircraft Sales", "{last} Aircraft Brokers", "{city} Aviation Centre"), (3, 45),
          (200, 600), ("dealer",), _SELLER, roles=("partner",)),
    Trade("Maintenance workshop", 4, ("{city} Aircraft Maintenance", "{last} Aero Service", "{bird} Engineering"), (5, 90),
          (80, 150), ("workshop", "Part 145"), _SELLER, roles=("partner", "supplier")),
    Trade("Aviation insurance", 1, ("{last} Aviation Insurance", "{bird} Underwriting"), (8, 120), (180, 320),
          ("insurance",), _SELLER, roles=("partner",)),
)  # fmt: skip

BIRDS = tuple(
    "Kestrel Heron Swift Falcon Osprey Merlin Gannet Plover Curlew Fulmar Petrel Lapwing Buzzard Harrier Redwing Siskin "
    "Martlet Wheatear Dunlin Goshawk Kittiwake Linnet Nightjar Pipit Raven Sandpiper Starling Swallow Teal Tern Wagtail "
    "Whimbrel Avocet Bittern Bluebird Bunting Cormorant Crane Dipper Dotterel Egret Fieldfare Finch Goldcrest Grebe "
    "Jackdaw Kingfisher Kite Magpie Northwind Westwind Eastwind Highland Lowland Lighthouse Meridian Horizon "
    "Zenith Cirrus Altitude Blue Bay Silver Coast Green Valley Red Barn White Cliff Old Mill Three Rivers Long Strand "
    "Stone Bridge Amber Sky".split()
)

#: Aircraft with list prices in euro; what each costs more with options lies within 12 %.
AIRCRAFT = {
    "S2 Trainer": 189_000, "S2 Night": 214_500, "T4 Tourer": 348_000, "T4 Turbo": 429_000, "O4 Survey": 498_000,
    "C6 Courier": 642_000, "C6 Executive": 718_000, "M6 Medic": 786_000,
}  # fmt: skip
#: What a customer buys besides, from and to in euro.
EXTRAS = {
    "Spare parts contract": (4_200, 18_500), "Annual inspection": (2_900, 8_600), "Type rating for two pilots": (3_400, 12_800),
    "Avionics upgrade": (14_500, 61_000), "Propeller overhaul": (5_800, 13_900), "Cabin refit": (11_500, 44_000),
    "Float kit": (48_000, 72_000), "Instructor course": (1_900, 6_400), "Engine exchange": (38_000, 96_000),
}  # fmt: skip

WON = ("Lowest fuel use in its class", "Delivery before the season", "Test flight convinced the board", "Service is close by",
       "Trade-in of their old aircraft", "Good experience with the first aircraft", "Short runway performance",
       "Price of the whole package")  # fmt: skip
SMALL_WON = ("Slot within two weeks", "Fixed price", "Our workshop knows the aircraft", "Part of the service contract",
             "Ferry flight included")  # fmt: skip
LOST = ("Price", "Bought a used aircraft", "Chose another maker", "No budget this year", "Hangar was not approved",
        "Delivery took too long", "Board decided against it", "Leases instead", "Payload too small")  # fmt: skip
DROPPED = ("No budget", "Only wanted a brochure", "Student project", "Cannot be reached", "Wants a helicopter",
           "Already bought elsewhere")  # fmt: skip
SOURCES = ("trade_show", "referral", "website", "form", "call", "mail", "campaign", "partner", "import")
SOURCE_WEIGHTS = (18, 20, 16, 14, 9, 7, 8, 6, 2)
