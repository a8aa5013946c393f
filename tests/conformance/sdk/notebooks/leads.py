"""The leads and web visits of ``m2_nb4``: texts, an identifier in UUID form, times."""

import pandas

ROWS, NEW = 12, 4
SOURCES = ("Digital Ad", "Partner", "Event")
WEB = [
    "Web_ProspectID",
    "LastCampaignActivity",
    "PageViewsPerVisit",
    "TotalTimeOnWebsite",
    "TotalWebVisits",
    "AttendedMarketingEvent",
    "OrganicSearch",
    "ViewedAdvertisement",
]


def identifier(n):
    """The identifier of lead number n."""
    return f"5f974944-eee6-414f-8bd3-{n:012x}"


def at(n):
    """The event time of lead number n: a day of July 2022."""
    return f"2022-07-{n % 28 + 1:02d}T{n % 24:02d}:00:00Z"


def leads():
    """One row for each lead; the texts are objects, as the notebook's pandas read them."""
    return pandas.DataFrame([_lead(n) for n in range(ROWS)])


def new_records(n):
    """Later versions of lead n, each of another source, in January 2023."""
    first = _lead(n)
    versions = [
        first
        | {
            "LeadSource": f"NewLeadSource_{i}",
            "Lead_EventTime": f"2023-01-{i * 5 + 3:02d}T00:00:00Z",
        }
        for i in range(NEW)
    ]
    return pandas.DataFrame(versions)


def visits():
    """One row for each lead's visits to the web site."""
    rows = [
        {
            "Web_ProspectID": identifier(n),
            "LastCampaignActivity": "Event RSVP",
            "PageViewsPerVisit": n + 0.25,
            "TotalTimeOnWebsite": 100 + n,
            "TotalWebVisits": n,
            "AttendedMarketingEvent": "DidNot",
            "OrganicSearch": "Y",
            "ViewedAdvertisement": "N",
            "Web_EventTime": at(n),
        }
        for n in range(ROWS)
    ]
    return pandas.DataFrame(rows)


def _lead(n):
    return {
        "LeadSource": SOURCES[n % len(SOURCES)],
        "JobRole": "Engineering",
        "ContactNotes": "NeedsCaseStudy",
        "LeadProfile": "Large",
        "UsedPromo": "NoPromo",
        "Region": "NAMER",
        "Converted": n % 2,
        "Lead_ProspectID": identifier(n),
        "Lead_EventTime": at(n),
    }
