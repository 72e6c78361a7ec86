"""What the assistant knows: a handbook of a shop for lamps, and its open orders."""

DOCUMENTS: tuple[tuple[str, str], ...] = (
    (
        "Warranty",
        "Every Aurora lamp has a warranty of five years from the day of purchase. The warranty covers the "
        "light source, the driver and the hinge. It doesn't cover a broken shade.",
    ),
    (
        "Returns",
        "A lamp can be returned within 30 days. Returning a lamp costs nothing for members; everybody else "
        "pays 4.90 euros for the label. The money is back on the card within five working days.",
    ),
    (
        "Delivery",
        "Parcels leave the warehouse on the next working day and arrive two days later. The delivery address "
        "can be changed until the parcel is handed over to the carrier. Large floor lamps come by freight.",
    ),
    (
        "Assembly",
        "The Aurora arm is pushed into the base until it clicks. No tools are needed. The spare screws are "
        "for wall mounting only.",
    ),
    (
        "Light source",
        "The Aurora uses a replaceable LED module of 9 watts with a warm white of 2700 kelvin. A new module "
        "costs 12 euros and is changed without tools.",
    ),
    (
        "Care",
        "Wipe the shade with a dry cloth. Unplug the lamp first. Solvents make the paint dull.",
    ),
    (
        "Membership",
        "Membership costs nothing. Members get free returns, early sales and a birthday voucher.",
    ),
)
"""Title and text of each page."""

ORDERS: tuple[tuple[str, str, str, str], ...] = (
    ("A-1041", "delivered", "Nordpost", "18 November"),
    ("A-1042", "on its way", "Nordpost", "24 November"),
    ("A-1043", "being packed", "not handed over yet", "26 November"),
)
"""Number, status, carrier and expected day of each order."""
