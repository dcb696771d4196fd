"""dnsbl-exporter: re-checks addresses and domains against DNS blocklists, remembers every listing, tells Prometheus.

This is the architecture page. Each module's docstring states its idea and its rules; here is how they stand to each other.

::

    config.yml ┐
    catalogue  ┴> Config -> plan(targets, lists, shard) -> Check -> Schedule.due(now)
                                                                       │
             Verdict <- judge(list, kind, answer) <- Answer <- provider.ask <┘
                │ trust(health)
                v
     advance(standing, verdict, at) -> Standing, Change… -> History -> snapshot -> metrics -> /metrics
                                                          └> Outcome, Change -> hooks (tally, log)

One edge runs backwards, and it has a name: ``Schedule.finish(turn, verdict)``.

A floor imports only floors below it; import-linter holds that (``pyproject.toml``), and a module that has no place fails.

==============  =====================================================================================================
module          its one idea
==============  =====================================================================================================
``spans``       inclusive ranges of numbers
``special``     which addresses have a special purpose, so that no stranger can have an opinion of them
``target``      what can be listed: an address or a domain, and how it is written in front of a zone
``registrable`` what somebody registered, of a domain: the public suffix list
``blocklist``   what does the listing: zone, code table with sublists, refusal codes, test entries, pace
``verdict``     what an answer means: ``Answer`` -> ``judge`` -> ``Verdict``
``health``      whether a list may be believed: verdicts on its test entries -> ``Health``; ``trust``
``listing``     how what we hold true changes: ``advance``, one table
``catalogue``   the lists the world runs: data files and a loader
``roster``      the targets of this process: a compact set, with where each came from
``marks``       addresses that are being gathered, each with the number of what it shares with others
``portions``    what each entry of the config contributes, and how contributions become one roster
``sources``     where targets come from: written out, behind a name, in files
``moves``       how one roster differs from another
``advice``      what to do about a listing, by its likely cause, and about a list that may not be believed
``config``      file to words: strict, all problems at once with their paths and lines
``expansion``   domain or host name to addresses, by A and AAAA, MX or SPF: questions out, answers in
``foreign``     other tools' config files to a page of ours
``plan``        which checks exist: targets x lists that accept them x this shard
``pace``        how fast a list may be asked: token buckets for a second and for a day
``backoff``     how soon a check that came to nothing is asked again
``probation``   when a list itself is tested
``repeats``     checks that are asked again sooner than their lap
``lap``         one list's laps: which check is due
``schedule``    all lists' laps, taking turns
``providers``   how one kind of list is asked; the only network
``history``     what was true and since when: SQLite and the snapshot; the only disk
``origins``     what names and files lead to now; looked up again and again, and kept when that fails
``inquiry``     one question from provider to verdict, one test of a list
``tally``       what is counted as it happens
``vouching``    a change waits for a test of its list: trust, advance, record, tell
``engine``      the only loop: ask, judge, and hand on what is not plainly clean
``metrics``     the only exposition: every name, help and label
``runbooks``    what to do about each alert, as Markdown that ``web`` serves
``web``         the HTTP face
``cli``         the only assembly: flags, logging, wiring, signals
==============  =====================================================================================================

What decides is pure: target to listing, expansion, plan to schedule, pace and resolvers take time, randomness and answers as
arguments and do no I/O.
What does I/O decides nothing: providers, history, engine, web.

Where the next things go: a kind of list that is not asked by DNS is one more file in ``providers`` and one more line in
``PROVIDERS``.
"""

__version__ = "0.1.0"
