"""The servers that the tests talk to: the only place that starts processes.

Rule 1: everything listens on loopback and a free port, and closes all it opened: context managers.
Rule 2: a server is entered once it answers; a change to it returns once it is served. No sleeps.
Rule 3: a missing program skips the test with its name, and fails it where `CI` is set.

    daemon        one subprocess: start, wait until ready, stop, kill
    ports         free ports of loopback
    ask           one DNS question, asked with dnspython
    zones         data for a blocklist server
    rbldnsd       a real one
    unbound       a real recursive resolver in front of it
    behaviour     how a server may answer a question, honestly
    mischief      … and dishonestly: lies, forgeries, delays
    garbage       … and not in DNS at all
    rude          the in-process server that plays behaviours
    relay         a path to a server with delay, loss, doubles and disorder
    forger        a process that sends forgeries before each truth
    archive       a real Prometheus over a past, made from samples with times
    exporter      the installed command, as a subprocess
    prometheus    a real one, that scrapes and evaluates several times a second
    alertmanager  a real one, that tells us at once
    webhook       what keeps its messages …
    mailbox       … and its mails
    threaded      a little server of our own in a thread of this process
"""
