"""Figures for Prometheus, one page a process: every process of ours is one, with a port of its own, so nothing has to be added up here.

`figures` is what a web process and the installation know, `families` how each is called, `page` answers /metrics of a web process, and
`of_worker` that of a worker; `readers` says who may read them."""
