from . import pay
from . import post_processing
from . import portal
from . import preview
