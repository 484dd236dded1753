#include "agent/client/drivers/raw_exec.h"
#include "agent/base/str.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Secrets of the agent's own that tasks must not see (the peer's default denylist). */
static const char *const denied[] = {"CONSUL_TOKEN",
                                     "CONSUL_HTTP_TOKEN",
                                     "VAULT_TOKEN",
                                     "AWS_ACCESS_KEY_ID",
                                     "AWS_SECRET_ACCESS_KEY",
                                     "AWS_SESSION_TOKEN",
                                     "GOOGLE_APPLICATION_CREDENTIALS"};

static bool is_denied(const char *pair)
{
    size_t n = strcspn(pair, "=");
    for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
        if (strlen(denied[i]) == n && !strncmp(pair, denied[i], n))
            return true;
    return false;
}

static const struct rec_strs *environment(const struct task_env *env, struct arena *a)
{
    struct rec_strs *out = ARENA_NEW(a, struct rec_strs);
    for (char **p = environ; *p; p++) {
        char *key = arena_strndup(a, *p, strcspn(*p, "="));
        if (!is_denied(*p) && !rec_str_map_get(&env->vars, key))
            rec_strs_add(out, a, *p);
    }
    for (size_t i = 0; i < env->vars.n; i++)
        rec_strs_add(out, a,
                     arena_printf(a, "%s=%s", env->vars.items[i].key,
                                  env->vars.items[i].value ? env->vars.items[i].value : ""));
    return out;
}

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

/* In the task's local/, the task's directory, then PATH. */
static char *find_command(const char *command, const struct task_env *env, const char *dir,
                          struct arena *a)
{
    if (strchr(command, '/') == command)
        return is_program(command) ? arena_strdup(a, command) : NULL;
    char *path = arena_printf(a, "%s/local/%s", dir, command);
    if (is_program(path))
        return path;
    path = arena_printf(a, "%s/%s", dir, command);
    if (is_program(path))
        return path;
    const char *search = rec_str_map_get(&env->vars, "PATH");
    if (!search)
        search = getenv("PATH");
    for (const char *p = search; p && *p && !strchr(command, '/');) {
        size_t n = strcspn(p, ":");
        path = arena_printf(a, "%.*s/%s", (int)n, p, command);
        if (n && is_program(path))
            return path;
        p += n + (p[n] == ':');
    }
    return NULL;
}

/* A number or a truth value reads as text, as the peer's job files take them. */
static const char *text_of(const json_t *v, struct arena *a)
{
    if (json_is_string(v))
        return json_string_value(v);
    if (json_is_boolean(v))
        return json_is_true(v) ? "true" : "false";
    if (json_is_integer(v))
        return arena_printf(a, "%lld", (long long)json_integer_value(v));
    return json_is_real(v) ? arena_printf(a, "%.17g", json_real_value(v)) : NULL;
}

static int read_config(const struct task *task, const struct task_env *env, struct arena *a,
                       char **command, struct rec_strs *args, struct err *e)
{
    json_error_t je;
    json_t *config = task->config ? json_loads(task->config, 0, &je) : NULL;
    const char *key;
    json_t *v;
    size_t i;
    int rv = 0;
    json_object_foreach(config, key, v)
    {
        if (!strcmp(key, "command") && json_is_string(v)) {
            *command = task_env_expand(env, json_string_value(v));
        } else if (!strcmp(key, "args") && json_is_array(v)) {
            json_t *x;
            json_array_foreach(v, i, x)
            {
                const char *text = text_of(x, a);
                if (!text)
                    rv = err_set(e, ERR_INVALID, "config: args[%zu] must be a string", i);
                else
                    rec_strs_add(args, a, task_env_expand(env, text));
            }
        } else {
            rv = err_set(e, ERR_INVALID,
                         "config: \"%s\" is not an option of raw_exec, or has the wrong "
                         "type",
                         key);
        }
    }
    json_decref(config);
    if (!rv && str_is_empty(*command))
        rv = err_set(e, ERR_INVALID, "config: missing required \"command\"");
    return rv;
}

int raw_exec_prepare(const struct task *task, const struct task_env *env, const char *task_dir,
                     struct arena *a, struct executor_spec *spec, struct err *e)
{
    char *command = NULL;
    struct rec_strs *args = ARENA_NEW(a, struct rec_strs);
    struct rec_strs rest = {NULL, 0};
    int rv = read_config(task, env, a, &command, &rest, e);
    if (rv)
        return rv;
    spec->command = find_command(command, env, task_dir, a);
    if (!spec->command)
        return err_set(e, ERR_NOT_FOUND,
                       "failed to start command path=\"%s\": executable file not "
                       "found in the task's directory or $PATH",
                       command);
    rec_strs_add(args, a, command);
    for (size_t i = 0; i < rest.n; i++)
        rec_strs_add(args, a, rest.items[i]);
    spec->args = args;
    spec->env = environment(env, a);
    if (!str_is_empty(task->user)) {
        struct passwd *pw = getpwnam(task->user);
        if (!pw)
            return err_set(e, ERR_NOT_FOUND, "user \"%s\" does not exist on this node", task->user);
        spec->uid = (long)pw->pw_uid;
        spec->gid = (long)pw->pw_gid;
    }
    return 0;
}
