"""`python -m cockpit` is the command `cockpit`."""

from cockpit.launch.compose import main

main()
