"""What the Makefile's commands do, in plain Python.

`python3 -m dev <command>` finds or fetches everything that the addon needs to run (Odoo
19, PostgreSQL, Python packages, Chromium) and keeps all of it in a cache folder that
git ignores. Only the standard library is used here, because the system's own Python
runs this package on a machine that has nothing else yet.
"""
