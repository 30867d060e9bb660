"""Odoo's command line, the same for a checkout and for a package.

`python -m odoo` will not do: with several workers Odoo starts a further process, for
its bus, from the path of the script that it was started with.
"""

from odoo.cli.command import main

main()
