/* Whose turn it is in an allocation: decided from how its tasks stand, nothing is done here
 * (inventory nomad-client 6). */
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

enum task_hook task_hook_of(const struct task *t)
{
    const char *hook = t->lifecycle ? t->lifecycle->hook : NULL;
    return str_eq(hook, "prestart")    ? TASK_PRESTART
           : str_eq(hook, "poststart") ? TASK_POSTSTART
           : str_eq(hook, "poststop")  ? TASK_POSTSTOP
                                       : TASK_MAIN;
}

bool task_is_sidecar(const struct task *t)
{
    return t->lifecycle && t->lifecycle->sidecar && task_hook_of(t) != TASK_POSTSTOP;
}

bool task_runs_once(const struct task *t, const char *job_type)
{
    return task_hook_of(t) == TASK_MAIN ? str_eq(job_type, "batch") : !task_is_sidecar(t);
}

bool task_is_over(const struct task_runner *t)
{
    return t->phase == TASK_DEAD && !t->state.failed && task_hook_of(t->task) != TASK_MAIN &&
           !task_is_sidecar(t->task);
}

bool alloc_is_over(const struct alloc_runner *r)
{
    for (size_t i = 0; i < r->n_tasks; i++)
        if (task_hook_of(r->tasks[i].task) != TASK_POSTSTOP && r->tasks[i].phase != TASK_DEAD)
            return false;
    return true;
}

bool alloc_has_sidecars_alone(const struct alloc_runner *r)
{
    bool any = false;
    for (size_t i = 0; i < r->n_tasks; i++) {
        const struct task_runner *t = &r->tasks[i];
        if (task_hook_of(t->task) == TASK_POSTSTOP || t->phase == TASK_DEAD)
            continue;
        if (!task_is_sidecar(t->task))
            return false;
        any = true;
    }
    return any;
}

/* All tasks of the hook have got as far as those after them wait for. */
static bool has_passed(const struct alloc_runner *r, enum task_hook hook)
{
    for (size_t i = 0; i < r->n_tasks; i++) {
        const struct task_runner *t = &r->tasks[i];
        if (task_hook_of(t->task) != hook)
            continue;
        bool has_started = t->state.started_at_ns > 0;
        if (hook == TASK_PRESTART && !task_is_sidecar(t->task) ? !task_is_over(t) : !has_started)
            return false;
    }
    return true;
}

bool task_is_due(const struct task_runner *t)
{
    const struct alloc_runner *r = t->alloc;
    if (t->begun || t->kill_wanted || t->phase != TASK_PENDING)
        return false;
    switch (task_hook_of(t->task)) {
    case TASK_PRESTART:
        return !r->stop_wanted;
    case TASK_MAIN:
        return !r->stop_wanted && has_passed(r, TASK_PRESTART);
    case TASK_POSTSTART:
        return !r->stop_wanted && has_passed(r, TASK_MAIN);
    case TASK_POSTSTOP:
        return alloc_is_over(r);
    }
    return false;
}
