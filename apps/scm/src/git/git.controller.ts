import { Controller } from '@nestjs/common';
import { Call, Route, type RouteCall } from '@sluice/http';
import type { RouteResult } from '@sluice/api-conventions';
import { listBranches, listCommits, readRepositoryFile } from '@sluice/scm-api';
import { GitService } from './git.service.js';

@Controller()
export class GitController {
  constructor(private readonly git: GitService) {}

  @Route(readRepositoryFile)
  read(@Call() { ctx, body }: RouteCall<typeof readRepositoryFile>): Promise<RouteResult<typeof readRepositoryFile>> {
    return this.git.readFile(ctx, body.repository, body.ref, body.path);
  }

  @Route(listBranches)
  branches(@Call() { ctx, body }: RouteCall<typeof listBranches>): Promise<RouteResult<typeof listBranches>> {
    return this.git.branches(ctx, body.repository, { search: body.search, limit: body.limit });
  }

  @Route(listCommits)
  commits(@Call() { ctx, body }: RouteCall<typeof listCommits>): Promise<RouteResult<typeof listCommits>> {
    return this.git.commits(ctx, body.repository, body.ref, body.limit);
  }
}
