/* platform: one binary that schedules jobs, keeps the catalog, answers DNS and routes HTTP. */
#include "agent/agent.h"
#include "agent/cli/cli.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "agent"))
        return agent_run(argc - 2, argv + 2);
    return cli_main(argc - 1, argv + 1);
}
