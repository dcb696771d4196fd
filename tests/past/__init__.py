"""A past that never was, told by the real exporter: what Prometheus would hold had it scraped the service for weeks.

Rule 1: judging, advancing, history and exposition are the exporter's own; only the clock, the answers and the process's own
figures are made up.
Rule 2: the same size gives the same past, at whatever time it ends.
Rule 3: old scrapes leave out the checks of targets of which nothing is told, so weeks of thousands of targets stay small; the
last hour is whole.

    world     who is watched, on which lists
    life      the service, living through its past
    work      what a lap costs: checks, failures, durations
    story     what happens to it
    scrapes   what Prometheus reads, and when
"""
