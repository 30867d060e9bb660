from . import pay
from . import paper
from . import post_processing
