/*
 * What stands where your answer will: the program says which task it has come
 * to, and goes no further.
 */
#ifndef TODO_H
#define TODO_H

/*
 * todo(task, ...): -1 with ENOSYS, "TODO 2 of spawn.c" remembered as what has
 * failed (failure.h). The rest of its arguments is there to be used: no
 * compiler is to warn of a parameter that waits for an answer.
 */
#define todo(...) todo_in(__FILE__, __VA_ARGS__)

/* The same for functions that do not return: says so and exits with 125. */
#define todo_exit(...) todo_exit_in(__FILE__, __VA_ARGS__)

int todo_in(const char *file, int task, ...);
_Noreturn void todo_exit_in(const char *file, int task, ...);

#endif
