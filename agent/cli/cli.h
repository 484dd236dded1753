/* The commands a person types. They speak to an agent's HTTP API (NOMAD_ADDR, or -address) and
 * print what the peers' users know. Exit statuses: 0 done, 1 error, 2 not all could be placed. */
#ifndef AGENT_CLI_CLI_H
#define AGENT_CLI_CLI_H

/* argv[0] is the command. */
int cli_main(int argc, char **argv);
const char *cli_version(void);

#endif
