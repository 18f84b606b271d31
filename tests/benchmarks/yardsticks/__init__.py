"""What Streamdesk is measured beside: the least a relay has to do, as a user would write it by hand on one library or another. Each is a
process, `PORT ws://customer/`: every gateway's socket is forked to one customer's, binary in, Plivo's JSON out, and what is played goes
back. No accounts, no buffer, no events, no bill, no pace."""
