"""Repair: findings → cases with one cause each, and the smallest changes of figures that would mend them.

    problem → slips, programmes → repairs → causes → records

What is here explains verdicts. It never makes, changes or prevents one.
"""
