"""The computer being serviced: the Protocols that each kind of workstation keeps, and the changes it takes."""
