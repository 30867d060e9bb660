from . import pay
from . import post_processing
