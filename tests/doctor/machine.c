#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain.h"
#include "failure.h"
#include "reap.h"
#include "seconds.h"

/* Somewhere in PATH, as execvp(3) looks for it. */
static bool is_in_path(const char *name)
{
	const char *list = getenv("PATH");
	char path[PATH_MAX];

	if (!list)
		list = "/usr/bin:/bin";
	while (*list) {
		int length = (int)strcspn(list, ":");

		if (snprintf(path, sizeof(path), "%.*s/%s", length, list,
			     name) < (int)sizeof(path) &&
		    access(path, X_OK) == 0)
			return true;
		list += length;
		list += *list == ':';
	}
	return false;
}

int find_qemu(void)
{
	const char *wanted = getenv("QEMU");
	struct utsname machine;
	char name[PATH_MAX];

	uname(&machine);
	if (wanted && *wanted)
		snprintf(name, sizeof(name), "%s", wanted);
	else
		snprintf(name, sizeof(name), "qemu-system-%s", machine.machine);
	remark("%.100s", name);
	if (strchr(name, '/') ? access(name, X_OK) == 0 : is_in_path(name))
		return 0;
	errno = ENOENT;
	return failed("find", "%s", name);
}

static const char *vm_dir(void)
{
	static char path[PATH_MAX];
	const char *given = getenv("VMDIR");

	if (given && *given)
		return given;
	snprintf(path, sizeof(path), "%s/vm", kit.build);
	return path;
}

int find_guest(void)
{
	static const char *const files[] = {"vmlinuz", "initramfs.cpio"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", vm_dir(), files[i]) >=
			    (int)sizeof(path) ||
		    access(path, R_OK) < 0)
			return failed("read", "%s", path);
	}
	return 0;
}

/* Its exit status; what it wrote on standard output, or the start of it. */
static int run_script(const char *script, const char *const *arguments,
		      char *output, size_t size)
{
	const char *argv[8] = {"sh"};
	char path[PATH_MAX];
	size_t n = 2, length = 0;
	int ends[2], status;
	ssize_t got;
	pid_t child;

	snprintf(path, sizeof(path), "%s/rootfs/%s", kit.dir, script);
	argv[1] = path;
	while (*arguments && n < 7)
		argv[n++] = *arguments++;
	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		return failed("start", "%s", path);
	if (child == 0) {
		setenv("VMDIR", vm_dir(), 1);
		/* Nor does it go on when the attempt is given up. */
		if (dup2(ends[1], STDOUT_FILENO) < 0 ||
		    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0)
			_exit(EXIT_OURS);
		execvp("sh", (char *const *)argv);
		_exit(EXIT_NOT_FOUND);
	}
	close(ends[1]);
	while (length + 1 < size &&
	       (got = read(ends[0], output + length, size - 1 - length)) > 0)
		length += (size_t)got;
	output[length] = '\0';
	close(ends[0]);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return failed("waitpid", "%s", path);
	return exit_status(status);
}

int try_kvm(void)
{
	const char *const arguments[] = {vm_dir(), NULL};
	char answer[64];
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return failed("open", "/dev/kvm");
	close(fd);
	/* Whether a guest comes up is not to be seen from the device. */
	if (link_verdict(GUEST) != HOLDS) {
		remark("/dev/kvm opens; no guest to try it with");
		return 0;
	}
	if (run_script("vm-accel.sh", arguments, answer, sizeof(answer)) != 0) {
		errno = EIO;
		return failed("execute", "vm-accel.sh");
	}
	if (strcmp(answer, "kvm\n") == 0)
		return 0;
	errno = ETIMEDOUT;
	return failed("boot a guest with", "/dev/kvm");
}

int boot_machine(void)
{
	const char *const arguments[] = {
		"--timeout", "80", "--",
		"cat /sys/fs/cgroup/cgroup.controllers", NULL};
	static const char *const names[] = {"memory", "pids", "cpu"};
	double started = seconds_now();
	char answer[256];
	int status = run_script("vm.sh", arguments, answer, sizeof(answer));

	if (status != 0) {
		errno = EIO;
		/* vm.sh has said why. */
		return status < 0 ? -1 : (failed("boot", "the VM"), -1);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strstr(answer, names[i])) {
			errno = EOPNOTSUPP;
			return failed("find the controller", "%s in the guest",
				      names[i]);
		}
	remark("start to end in %.1f s", seconds_now() - started);
	return 0;
}
