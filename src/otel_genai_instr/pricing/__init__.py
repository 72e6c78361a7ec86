"""What a call cost and where that number comes from, or why there is none.

Knows usage, provider, model, service tier, region and time; knows no span and no SDK. Price data is loaded on first
use or by :meth:`Pricer.warm_up`, never at import.
"""

from .charging.cost import Cost, Unpriced
from .charging.summing import CostSum
from .configured import pricing_from
from .errors import UserFileError
from .estimate import Estimator
from .pricer import Pricer
from .source import PriceKey, PriceSource, PriceWindow

__all__ = [
    "Cost",
    "CostSum",
    "Estimator",
    "UserFileError",
    "PriceKey",
    "PriceSource",
    "PriceWindow",
    "Pricer",
    "Unpriced",
    "pricing_from",
]
