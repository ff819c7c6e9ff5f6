"""`python -m cockpit` is the command `cockpit`."""

from cockpit.launch import main

main()
