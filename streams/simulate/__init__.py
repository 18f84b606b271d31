"""A gateway and a customer to try the platform with: good ones and bad ones, the same for operators and for the tests.

Must not know Django or the platform's own code: what they speak is the wire."""
