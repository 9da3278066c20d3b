"""Area codes of the United States and Canada: the states they serve, with all zones of an area and its overlays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

VERSION = 1
SOURCES = (
    "North American Numbering Plan Administrator, area codes in service and relief plans, 2026",
    "49 CFR part 71: boundaries of the standard time zones",
    "IANA time zone database 2026: places that keep other time than their state",
)

# One name stands for all places that have kept the same time since 2007: Detroit and Indianapolis are New_York.
_ZONES: dict[str, tuple[str, ...]] = {
    "ET": ("America/New_York",),
    "CT": ("America/Chicago",),
    "MT": ("America/Denver",),
    "PT": ("America/Los_Angeles",),
    "Arizona": ("America/Phoenix",),
    "Boise": ("America/Boise",),
    "Alaska": ("America/Anchorage", "America/Adak", "America/Metlakatla"),
    "Hawaii": ("Pacific/Honolulu",),
    "AST": ("America/Puerto_Rico",),
    "Guam": ("Pacific/Guam",),
    "Samoa": ("Pacific/Pago_Pago",),
    "Toronto": ("America/Toronto",),
    "Winnipeg": ("America/Winnipeg",),
    "Edmonton": ("America/Edmonton",),
    "Vancouver": ("America/Vancouver",),
    "Halifax": ("America/Halifax",),
    "Newfoundland": ("America/St_Johns", "America/Goose_Bay"),
    "Regina": ("America/Regina",),
    "Atikokan": ("America/Atikokan",),
    "Blanc-Sablon": ("America/Blanc-Sablon",),
    "Peace-River": ("America/Dawson_Creek", "America/Fort_Nelson", "America/Creston"),
    "North": (
        *("America/Whitehorse", "America/Dawson", "America/Edmonton", "America/Inuvik", "America/Cambridge_Bay"),
        *("America/Rankin_Inlet", "America/Resolute", "America/Iqaluit", "America/Coral_Harbour"),
    ),
}

# Region, zones, then groups of area codes; the codes of a group lie over one another.
_TABLE: tuple[tuple[str, str, str], ...] = (
    ("US-AL", "CT", "205/659, 251, 256/938"),
    ("US-AL", "CT ET", "334"),
    ("US-AK", "Alaska", "907"),
    ("US-AZ", "Arizona", "480/602/623, 520"),
    ("US-AZ", "Arizona MT", "928"),
    ("US-AR", "CT", "327/870, 479, 501"),
    (
        "US-CA",
        "PT",
        (
            "209/350, 213/323/738, 310/424, 341/510, 369/707, 408/669, 415/628, 442/760, 530, 559, 562, 619/858, "
            "626, 650, 657/714, 661, 747/818, 805/820, 831, 840/909, 279/916, 925, 949, 951"
        ),
    ),
    ("US-CO", "MT", "303/720/983, 719, 748/970"),
    ("US-CT", "ET", "203/475, 860/959"),
    ("US-DC", "ET", "202/771"),
    ("US-DE", "ET", "302"),
    (
        "US-FL",
        "ET",
        "239, 305/645/786, 321/407/689, 324/904, 352, 386, 561/728, 656/813, 727, 754/954, 772, 863, 941",
    ),
    ("US-FL", "ET CT", "448/850"),
    ("US-GA", "ET", "229, 404/470/678/770/943, 478, 706/762, 912"),
    ("US-HI", "Hawaii", "808"),
    ("US-ID", "Boise PT", "208/986"),
    ("US-IL", "CT", "217/447, 309, 312/773/872, 331/630, 464/708, 618/730, 779/815, 224/847"),
    ("US-IN", "CT ET", "219, 574, 812/930"),
    ("US-IN", "ET CT", "765"),
    ("US-IN", "ET", "260, 317/463"),
    ("US-IA", "CT", "319, 515, 563, 641, 712"),
    ("US-KS", "CT", "316, 913"),
    ("US-KS", "CT MT", "620, 785"),
    ("US-KY", "CT ET", "270/364, 606"),
    ("US-KY", "ET", "502, 859"),
    ("US-LA", "CT", "225, 318, 337, 504, 985"),
    ("US-ME", "ET", "207"),
    ("US-MD", "ET", "227/240/301, 410/443/667"),
    ("US-MA", "ET", "339/781, 351/978, 413, 508/774, 617/857"),
    ("US-MI", "ET", "231, 248/947, 269, 313, 517, 586, 616, 734, 810, 989"),
    ("US-MI", "ET CT", "906"),
    ("US-MN", "CT", "218, 320, 507, 612, 651, 763, 952"),
    ("US-MS", "CT", "228, 601/769, 662"),
    ("US-MO", "CT", "314/557, 417, 235/573, 636, 660, 816/975"),
    ("US-MT", "MT", "406"),
    ("US-NE", "CT MT", "308, 402/531"),
    ("US-NV", "PT", "702/725"),
    ("US-NV", "PT MT", "775"),
    ("US-NH", "ET", "603"),
    ("US-NJ", "ET", "201/551, 609/640, 732/848, 856, 862/973, 908"),
    ("US-NM", "MT", "505, 575"),
    (
        "US-NY",
        "ET",
        "212/332/646/917, 315/680, 329/845, 347/718/917/929, 363/516, 518/838, 585, 607, 624/716, 631/934, 914",
    ),
    ("US-NC", "ET", "252, 336/743, 704/980, 828, 472/910, 919/984"),
    ("US-ND", "CT MT", "701"),
    ("US-OH", "ET", "216, 220/740, 234/330, 283/513, 326/937, 380/614, 419/567, 436/440"),
    ("US-OK", "CT", "405/572, 539/918"),
    ("US-OK", "CT MT", "580"),
    ("US-OR", "PT Boise", "458/541"),
    ("US-OR", "PT", "503/971"),
    ("US-PA", "ET", "215/267/445, 223/717, 272/570, 412/724/878, 484/610/835, 582/814"),
    ("US-RI", "ET", "401"),
    ("US-SC", "ET", "803/839, 821/864, 843/854"),
    ("US-SD", "CT MT", "605"),
    ("US-TN", "ET CT", "423"),
    ("US-TN", "CT ET", "931"),
    ("US-TN", "CT", "615/629, 731, 901"),
    ("US-TN", "ET", "865"),
    (
        "US-TX",
        "CT",
        (
            "210/726, 214/469/945/972, 254, 281/346/621/713/832, 325, 361, 409, 430/903, "
            "512/737, 682/817, 806, 830, 936, 940, 956, 979"
        ),
    ),
    ("US-TX", "CT MT", "432"),
    ("US-TX", "MT", "915"),
    ("US-UT", "MT", "385/801, 435"),
    ("US-VT", "ET", "802"),
    ("US-VA", "ET", "276, 434, 540/826, 571/703, 686/804, 757/948"),
    ("US-WA", "PT", "206, 253, 360, 425, 509"),
    ("US-WA", "PT", "206/253/360/425/564"),
    ("US-WV", "ET", "304/681"),
    ("US-WI", "CT", "262, 274/920, 353/608, 414, 534/715"),
    ("US-WY", "MT", "307"),
    ("US-PR", "AST", "787/939"),
    ("US-VI", "AST", "340"),
    ("US-GU", "Guam", "671"),
    ("US-MP", "Guam", "670"),
    ("US-AS", "Samoa", "684"),
    ("CA-AB", "Edmonton", "368/403/587/780/825"),
    ("CA-BC", "Vancouver Edmonton Peace-River", "236/250/257/604/672/778"),
    ("CA-MB", "Winnipeg", "204/431/584"),
    ("CA-NB", "Halifax", "428/506"),
    ("CA-NL", "Newfoundland Halifax", "709/879"),
    ("CA-NS CA-PE", "Halifax", "782/902"),
    ("CA-ON", "Toronto", "226/382/519/548, 249/683/705, 289/365/742/905, 343/613/753, 416/437/647/942"),
    ("CA-ON", "Toronto Winnipeg Atikokan", "807"),
    ("CA-QC", "Toronto", "263/438/514, 354/450/579, 468/819/873"),
    ("CA-QC", "Toronto Halifax Blanc-Sablon", "273/367/418/581"),
    ("CA-SK", "Regina Edmonton Winnipeg", "306/474/639"),
    ("CA-YT CA-NT CA-NU", "North", "867"),
)

# Members of the plan that are neither of the United States nor of Canada.
OTHER_COUNTRIES: dict[str, str] = {
    code: country
    for country, codes in (
        *(("AG", "268"), ("AI", "264"), ("BB", "246"), ("BM", "441"), ("BS", "242"), ("DM", "767"), ("GD", "473")),
        *(("DO", "809 829 849"), ("JM", "658 876"), ("KN", "869"), ("KY", "345"), ("LC", "758"), ("MS", "664")),
        *(("SX", "721"), ("TC", "649"), ("TT", "868"), ("VC", "784"), ("VG", "284")),
    )
    for code in codes.split()
}
TOLL_FREE = frozenset({"800", "822", "833", "844", "855", "866", "877", "888", "880", "881", "882", "883", "889"})


@dataclass(frozen=True, slots=True)
class Area:
    """The regions that an area code serves, with the zones of the area and all its overlays."""

    regions: frozenset[str]
    zones: frozenset[str]


def _zones(names: str) -> frozenset[str]:
    return frozenset(zone for name in names.split() for zone in _ZONES[name])


def _areas(rows: Iterable[tuple[str, str, str]]) -> dict[str, Area]:
    found: dict[str, Area] = {}
    for regions, zones, groups in rows:
        for code in groups.replace(",", " ").replace("/", " ").split():
            before = found.get(code, Area(frozenset(), frozenset()))
            found[code] = Area(before.regions | set(regions.split()), before.zones | _zones(zones))
    return found


AREAS: dict[str, Area] = _areas(_TABLE)

# The zones of a state or province; of Australia's, which area codes do not tell, the zones by law.
REGION_ZONES: dict[str, frozenset[str]] = {
    region: frozenset(zone for area in AREAS.values() if region in area.regions for zone in area.zones)
    for region in sorted({region for area in AREAS.values() for region in area.regions})
} | {
    "AU-ACT": frozenset({"Australia/Sydney"}),
    "AU-NSW": frozenset({"Australia/Sydney", "Australia/Broken_Hill", "Australia/Lord_Howe"}),
    "AU-NT": frozenset({"Australia/Darwin"}),
    "AU-QLD": frozenset({"Australia/Brisbane", "Australia/Lindeman"}),
    "AU-SA": frozenset({"Australia/Adelaide"}),
    "AU-TAS": frozenset({"Australia/Hobart", "Antarctica/Macquarie"}),
    "AU-VIC": frozenset({"Australia/Melbourne"}),
    "AU-WA": frozenset({"Australia/Perth", "Australia/Eucla"}),
}

# Possible where nothing tells the place: the states proper; who writes to Guam toll-free knows so.
_FAR = {"US-PR", "US-VI", "US-GU", "US-MP", "US-AS"}
STATES: frozenset[str] = frozenset(region for region in REGION_ZONES if region.startswith("US-")) - _FAR


def zones_of_country(country: str) -> frozenset[str]:
    """List the zones of a country that this table knows: US (the states proper), CA, AU, GB; else none."""
    if country == "US":
        return frozenset(zone for region in STATES for zone in REGION_ZONES[region])
    if country == "GB":
        return frozenset({"Europe/London"})
    return frozenset(
        zone for region, zones in REGION_ZONES.items() if region.startswith(f"{country}-") for zone in zones
    )


def sha256() -> str:
    """Hash the table."""
    lines = [f"{code} {sorted(area.regions)} {sorted(area.zones)}" for code, area in sorted(AREAS.items())]
    lines += [f"{region} {sorted(zones)}" for region, zones in sorted(REGION_ZONES.items())]
    lines += [f"{code} {country}" for code, country in sorted(OTHER_COUNTRIES.items())]
    return hashlib.sha256("\n".join([*lines, *sorted(TOLL_FREE)]).encode()).hexdigest()
