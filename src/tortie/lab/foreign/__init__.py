"""Foreign BGP speakers on the lab's hosts: BIRD, FRR and GoBGP in the place of our agent.

A host with such an agent is a node (or a reflector) like any other: it has a record in the datastore, a block, containers.
Instead of `tortie node run` it runs `python -m tortie.lab.foreign`, which follows the datastore, computes the same
`NodeIntent`, writes it as the daemon's own configuration and has the daemon obey. It answers on the same status socket.

What it is NOT for: production. There `tortie render` writes BIRD's files, and nobody needs FRR's or GoBGP's from us.
Modules: `speakers` (which there are, what they need), `agent` (datastore → daemon), `daemon` (the interface), one module
a daemon, one module a daemon's text.
"""
