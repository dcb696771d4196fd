"""The alert rules as shipped, minute by minute, through promtool.

Rule 1: a test tells what exporters say as time goes by, and which alerts fire then. All that fire are named: what is not named
must not fire.
Rule 2: exporters say all that the rules read, so a rule that fires in a healthy world is found in every test.

    files         the shipped files, read as YAML
    promtool      runs it
    exporters     what an exporter says, and how that changes
    world         time, and what must fire
"""
