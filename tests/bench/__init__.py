"""Measurements: commands that print tables, not tests. `python -m tests.bench.NAME --help` says what each does.

Rule 1: a figure stands beside its aim, if there is one, and a rate beside that of another program in the same rounds.
Rule 2: what is asked is made up, always the same for the same size.

    client        the DNS client alone
    pipeline      a first lap of everything, on loopback and over a far path
    pace          how exactly a list's limit is kept
    growth        what a check of a lap costs, by their number
    scale         memory, scrapes and a restart, by the number of checks
    real_lists    what the service says, against the files that its lists serve

    showcase      no figures: a Prometheus with weeks of a made past, to look at dashboards with

    made          targets and lists
    serving       what answers
    askers        the other programs
    machine       cores, child processes, what a process takes
    figures       tables
    one_lap, one_dnspython: child processes
"""
