/* box: a container runtime made of ten stages. Stage 10. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container.h"
#include "failure.h"
#include "report.h"
#include "run_options.h"
#include "seal.h"

static const char usage[] =
	"usage: box run [OPTIONS] ROOTFS CMD...\n"
	"       box exec [OPTIONS] PID CMD...\n\n"
	"Runs a command in a container, or one more in a container that runs.\n"
	"See box run --help and box exec --help.\n";

/* Before the container starts, so that a bad one is known in time. */
static int open_stats(const struct run *run)
{
	int fd;

	if (!run->stats_path)
		return -1;
	fd = open(run->stats_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		  0666);
	if (fd < 0) {
		failed("open", "%s", run->stats_path);
		die(EXIT_OURS);
	}
	return fd;
}

/* The command's end, with what process 1 and all below it used. */
static int write_stats(int fd, const struct report *report)
{
	struct outcome outcome = report->command;

	outcome.usage = report->outcome.usage;
	return report_usage(fd, &outcome, report->wall_seconds, &report->stats,
			    report->timed_out);
}

static int finish(struct run *run, int stats, int result,
		  const struct report *report)
{
	if (result == 0 && stats >= 0)
		result = write_stats(stats, report);
	if (result < 0)
		report_failure();
	free_run(run);
	return result < 0 ? EXIT_OURS : report->status;
}

int main(int argc, char **argv)
{
	struct report report = {0};
	struct run run;
	int result, stats;

	if (argc > 1 && strcmp(argv[1], "run") == 0) {
		read_run(&run, argv + 2);
		stats = open_stats(&run);
		result = run_container(&run.container, &report);
		return finish(&run, stats, result, &report);
	}
	if (argc > 1 && strcmp(argv[1], "exec") == 0) {
		if (become_sealed(argv) < 0)
			die(EXIT_OURS);
		read_exec(&run, argv + 2);
		stats = open_stats(&run);
		result = exec_in_container(run.pid, &run.container, &report);
		return finish(&run, stats, result, &report);
	}
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return fflush(stdout) == 0 ? 0 : EXIT_OURS;
	}
	if (argc > 1)
		bad_usage("%s: neither run nor exec (see --help)", argv[1]);
	bad_usage("no command: run or exec (see --help)");
}
