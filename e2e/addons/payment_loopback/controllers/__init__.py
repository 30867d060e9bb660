from . import gateway
from . import main
