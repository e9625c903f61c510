import { Module, type DynamicModule } from '@nestjs/common';
import { ServiceIdentity } from '@sluice/service-identity';
import { SignIn } from './authentication/sign-in.js';
import { PARTS, type GatewayParts } from './gateway-parts.js';
import { PagesService } from './pages/pages.service.js';
import { ProxyService } from './proxy/proxy.service.js';

@Module({})
export class AppModule {
  static with(parts: GatewayParts, signIn: SignIn, identity: ServiceIdentity): DynamicModule {
    return {
      module: AppModule,
      providers: [
        ProxyService,
        PagesService,
        { provide: PARTS, useValue: parts },
        { provide: SignIn, useValue: signIn },
        { provide: ServiceIdentity, useValue: identity },
      ],
    };
  }
}
