"""Gateways at our door: their sockets and the lines on them, who they are, who was refused, how much they bring.

Must not know customers, nor what a call does with what its gateway says. Dialects are pure.gateway's."""
