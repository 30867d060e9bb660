from . import controllers
from . import models
from . import report
from . import wizards
from .logging import mask_pay_urls

mask_pay_urls()
