"""Measure the addon's payment links beside Odoo's own, on one server in one run.

`python -m bench` prints one table. Timings are no tests: it ends with status 0 whatever
it has measured. How each figure comes about is told in docs/benchmark.md.
"""
