"""What happens: gateways bring calls, calls are forked to customers, status callbacks go out. Has never heard of `cdr`."""
