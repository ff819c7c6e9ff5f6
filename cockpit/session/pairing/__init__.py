"""Two people on one release: announces this session, follows the others, and keeps the controls of rollouts."""
