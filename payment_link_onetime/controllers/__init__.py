from . import pay
from . import post_processing
from . import api
