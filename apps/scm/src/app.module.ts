import { Module, type DynamicModule } from '@nestjs/common';
import { AddressPolicy } from './git/address-policy.js';
import { GitController } from './git/git.controller.js';
import { GitProcesses } from './git/git-process.js';
import { GitService } from './git/git.service.js';
import { RepositoryCache } from './git/repository-cache.js';

export interface ScmParts {
  readonly cache: RepositoryCache;
  readonly policy: AddressPolicy;
  readonly processes: GitProcesses;
}

@Module({})
export class AppModule {
  static with({ cache, policy, processes }: ScmParts): DynamicModule {
    return {
      module: AppModule,
      controllers: [GitController],
      providers: [
        GitService,
        { provide: RepositoryCache, useValue: cache },
        { provide: AddressPolicy, useValue: policy },
        { provide: GitProcesses, useValue: processes },
      ],
    };
  }
}
