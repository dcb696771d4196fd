"""The installed command as a subprocess, against real servers: what a user sees and a killed process leaves behind.

Rule 1: what is waited for is a condition on /metrics, on the file or on a server, never a time.
Rule 2: lists run in seconds here, not in hours; all else is as shipped.

    settings      configs in which everything happens soon
    one_list      the smallest setting: one list, with one of two targets on it
    holding       a rude server's list that behaves
    stream        … and one whose entries come and go at random
    broken        a config with several faults
    scrape        one body of /metrics, read as a whole
    ledger        the history's file, as SQLite reads it
    watcher       a thread that keeps every change it ever saw on /metrics
    command       a command that ends by itself
    chain         the whole way of an alert, from a list to a message
"""
