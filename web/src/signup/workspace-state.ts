/** What a workspace is right after signing up: its modules are there, on their way, or were refused. */
export type WorkspaceState = 'building' | 'ready' | 'refused';
