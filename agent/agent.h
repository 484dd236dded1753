/* The agent: every room put together, started in order and stopped in order. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

/* Runs until SIGINT or SIGTERM. Returns the exit status. argv begins after the word "agent". */
int agent_run(int argc, char **argv);

#endif
