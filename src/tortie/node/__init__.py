"""The agent of a host, and the parts it is made of.

For: bringing what BGP learned into the kernel and what the host has to BGP, keeping it so, and answering for it on a
status socket. Not for: BGP itself (`bgp`, `speaker`) or deciding what a node should do (`fabric`).

This package re-exports nothing: `status_client` must start at once and load only the standard library, the reflector
must not load the data path. Import from the module you need; the map:

    agent                     the process of a host
    kernel_routes             desired routes → kernel, kernel → learned prefixes; the asyncio shell
      kernel_sync             the same without I/O: mirror of the kernel, what is to be written (values: kernel_state)
        desired_routes        what is asked for: BGP's routes, blackholes, workloads
        reconcile             desired against actual → operations
        resolver              BGP next hops → next hops on a link
        learned               foreign and connected routes → prefixes offered to BGP
        interface_table       links and addresses, mirrored
    netlink, netlink_monitor  requests and events; netlink_message, _route, _interface, _event: their bytes
    route, route_change, interface, kernel_event: the values between them
    links, sysctl             interfaces through pyroute2; settings under /proc/sys
    status, status_client     the status socket: the agent's side and the asker's; status_protocol, status_reply: lines
"""

__all__: list[str] = []
