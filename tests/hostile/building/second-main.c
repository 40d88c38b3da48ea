/*
 * Has a main() of its own.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 0
 */
int main(void)
{
	return 0;
}
